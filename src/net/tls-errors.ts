import { isError } from '../core/errors.js';

/** Why a TLS connection failed. */
export type TlsFault =
  'untrusted' | 'expired' | 'other name' | 'client certificate' | 'no certificate' | 'not TLS' | 'no handshake';

/** Matched against the code of the error and its message, because OpenSSL's errors share the code `EPROTO`. */
const patterns: readonly (readonly [pattern: RegExp, fault: TlsFault])[] = [
  [/^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA)/, 'untrusted'],
  [/^(UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|CERT_(SIGNATURE_FAILURE|UNTRUSTED|REJECTED))/, 'untrusted'],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)/, 'expired'],
  [/^ERR_TLS_CERT_ALTNAME/, 'other name'],
  // The server's alerts about our certificate, or about its absence.
  [/alert[ _](.*[ _])?(certificate|unknown[ _]ca|handshake[ _]failure|access[ _]denied)/i, 'client certificate'],
  // A server may end the connection so fast that its alert is lost.
  [/ without a client certificate$/, 'no certificate'],
  [/before secure TLS connection|no TLS handshake/, 'no handshake'],
  [/wrong[ _]version[ _]number|packet[ _]length[ _]too[ _]long/i, 'not TLS'],
];

/**
 * The error of a connection that did not open. Says of a server that fell silent or ended it that TLS may be why, which
 * the error itself does not. `tls`: what the connection was to use.
 */
export function openingFailure(
  thrown: unknown,
  tls: { readonly cert?: unknown } | undefined,
  kind: 'silence' | 'other',
): unknown {
  if (tls === undefined || !isError(thrown)) return thrown;
  if (kind === 'silence') return new Error('no TLS handshake', { cause: thrown });
  const isReset = 'code' in thrown && (thrown.code === 'ECONNRESET' || thrown.code === 'EPIPE');
  if (!isReset || tls.cert !== undefined || tlsFault(thrown) !== undefined) return thrown;
  return new Error(`${thrown.message} without a client certificate`, { cause: thrown });
}

/** The TLS fault behind a failed request; undefined for any other failure. */
export function tlsFault(error: Error): TlsFault | undefined {
  const text = `${'code' in error ? String(error.code) : ''} ${error.message}`;
  return patterns.find(([pattern]) => pattern.test(text))?.[1];
}
