import { beforeAll, describe, expect, it } from 'vitest';
import { readTls, tlsFiles, tlsIssues, tlsSettings } from '../../../src/net/tls.js';
import type { TlsOptions } from '../../../src/net/tls.js';
import { filesOf, makeAuthority } from '../../support/tls/certificates.js';
import type { Authority, Identity } from '../../support/tls/certificates.js';

let authority: Authority;
let ours: Identity;
let theirs: Identity;

beforeAll(async () => {
  authority = await makeAuthority();
  [ours, theirs] = await Promise.all([authority.issue(), authority.issue()]);
});

const plan = (options: TlsOptions) => ({ ...options, names: {} });
const fieldsOf = (options: TlsOptions) => tlsIssues(plan(options)).map(({ field }) => field);

describe('the options of TLS', () => {
  it('are PEM or paths, each for itself', async () => {
    const files = await filesOf({ 'key.pem': ours.key });
    const options = plan({ ca: authority.cert, cert: ours.cert, key: files.path('key.pem') });
    expect(tlsIssues(options)).toEqual([]);
    expect(readTls(options)).toEqual({ material: { ca: authority.cert, cert: ours.cert, key: ours.key }, issues: [] });
    expect(tlsFiles(options)).toEqual([files.path('key.pem')]);
    await files.remove();
  });

  it('need a certificate and its key together', () => {
    expect(fieldsOf({ cert: ours.cert })).toEqual(['tls.key']);
    expect(fieldsOf({ key: ours.key })).toEqual(['tls.cert']);
  });

  it('are refused all at once, under the names that they were given by', () => {
    const wrong = { ca: 7, serverName: 'a b', insecureSkipVerify: 'yes' } as never as TlsOptions;
    expect(fieldsOf(wrong)).toEqual(['tls.ca', 'tls.serverName', 'tls.insecureSkipVerify']);
    expect(tlsIssues({ ...wrong, names: { ca: 'SOME_VARIABLE' } })[0]?.field).toBe('SOME_VARIABLE');
  });

  it('are verification and TLS 1.2 at least, unless it is switched off', () => {
    expect(tlsSettings({ serverName: 'agent' }, {})).toEqual({
      servername: 'agent',
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    });
    expect(tlsSettings({ insecureSkipVerify: true }, {})).toMatchObject({ rejectUnauthorized: false });
  });
});

describe('what stands in the files', () => {
  it('has to be there', () => {
    const { issues } = readTls(plan({ ca: '/nowhere/ca.pem', cert: '/nowhere/cert.pem', key: '/' }));
    expect(issues.map(({ field, value }) => [field, value])).toEqual([
      ['tls.ca', '/nowhere/ca.pem'],
      ['tls.cert', '/nowhere/cert.pem'],
      ['tls.key', '/'],
    ]);
    expect(issues.map(({ allowed }) => /ENOENT|not a file/.test(allowed))).toEqual([true, true, true]);
  });

  it('has to be what it is said to be, and is not shown', async () => {
    const broken = ours.key.replace(/\n.{20}/, '\n');
    const files = await filesOf({ 'ca.pem': 'no PEM at all', 'both.pem': ours.key });
    const { issues } = readTls(plan({ ca: files.path('ca.pem'), cert: files.path('both.pem'), key: broken }));
    expect(issues.map(({ field }) => field)).toEqual(['tls.ca', 'tls.cert', 'tls.key']);
    expect(JSON.stringify(issues)).not.toContain(broken.split('\n')[1]);
    await files.remove();
  });

  it('has to belong together', () => {
    expect(readTls(plan({ cert: ours.cert, key: theirs.key })).issues).toMatchObject([{ field: 'tls.key' }]);
  });

  it('may be a bundle, every certificate of which counts', async () => {
    const other = await makeAuthority();
    expect(readTls(plan({ ca: `${authority.cert}\n${other.cert}` })).issues).toEqual([]);
    const cut = other.cert.replace(/\n.{20}/, '\n');
    expect(readTls(plan({ ca: `${authority.cert}\n${cut}` })).issues).toMatchObject([{ field: 'tls.ca' }]);
  });
});

it('never shows a key that was taken for a path', () => {
  const withoutMarks = ours.key.replace(/-----.*-----/g, '');
  const { issues } = readTls(plan({ cert: ours.cert, key: withoutMarks }));
  expect(issues).toMatchObject([{ field: 'tls.key', value: '(hidden)' }]);
});
