/** What is wrong with a connection over TLS. */
export type TlsFault = 'untrusted' | 'expired' | 'other name' | 'client certificate' | 'not TLS';

/** By the code of the error or, where that is but `EPROTO`, by OpenSSL's words in its message. */
const troubles: readonly (readonly [words: RegExp, trouble: TlsFault])[] = [
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|CERT_(SIGNATURE_FAILURE|UNTRUSTED|REJECTED)|INVALID_CA)/,
    'untrusted',
  ],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)/, 'expired'],
  [/^ERR_TLS_CERT_ALTNAME/, 'other name'],
  // What the other side says of ours, or of its absence.
  [/alert[ _](.*[ _])?(certificate|unknown[ _]ca|handshake[ _]failure|access[ _]denied)/i, 'client certificate'],
  [/wrong[ _]version[ _]number|packet[ _]length[ _]too[ _]long/i, 'not TLS'],
];

/** The trouble behind a failed request; undefined for any other failure. */
export function tlsFault(error: Error): TlsFault | undefined {
  const words = `${'code' in error ? String(error.code) : ''} ${error.message}`;
  return troubles.find(([pattern]) => pattern.test(words))?.[1];
}
