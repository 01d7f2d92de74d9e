/** What is wrong with a connection over TLS. */
export type TlsTrouble = 'untrusted' | 'expired' | 'other name' | 'client certificate' | 'not TLS';

const troubles: readonly (readonly [code: RegExp, trouble: TlsTrouble])[] = [
  [/^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT.*)|CERT_(SIGNATURE_FAILURE|UNTRUSTED|REJECTED)|INVALID_CA)$/, 'untrusted'],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, 'expired'],
  [/^ERR_TLS_CERT_ALTNAME_(INVALID|FORMAT)$/, 'other name'],
  // What the other side calls ours.
  [/^ERR_SSL_.*ALERT_.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/, 'client certificate'],
  [/^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST))$/, 'not TLS'],
];

/** The trouble behind the code of a failed request; undefined for any other failure. */
export function tlsTrouble(code: string): TlsTrouble | undefined {
  return troubles.find(([codes]) => codes.test(code))?.[1];
}
