/** etcd's JSON gateway without anything of ours in between. */
export interface RawEtcd {
  post<T>(path: string, body: object): Promise<T>;
  /** Keys that begin with `prefix`, and their values. */
  under(prefix: string): Promise<RawKey[]>;
  /** Ends the lease that our record of an instance is on. */
  forget(name: string, id: string): Promise<void>;
  delete(key: string): Promise<void>;
  put(key: string, value: string): Promise<void>;
  /** Of all leases that there are. */
  leases(): Promise<string[]>;
}

export interface RawKey {
  readonly key: string;
  readonly value: string;
  /** `'0'`: none. */
  readonly lease: string;
}

const toBytes = (text: string) => Buffer.from(text).toString('base64');
const fromBytes = (base64 = '') => Buffer.from(base64, 'base64').toString();

export function rawEtcd(url: string): RawEtcd {
  async function post<T>(path: string, body: object): Promise<T> {
    const answer = await fetch(`${url}/v3${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd answered ${path} with ${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  async function under(prefix: string): Promise<RawKey[]> {
    const end = Buffer.from(prefix);
    end[end.length - 1]! += 1;
    const { kvs = [] } = await post<{ kvs?: { key: string; value?: string; lease?: string }[] }>('/kv/range', {
      key: toBytes(prefix),
      range_end: end.toString('base64'),
    });
    return kvs.map(({ key, value, lease = '0' }) => ({ key: fromBytes(key), value: fromBytes(value), lease }));
  }

  const part = (text: string) => text.replace(/[%/]/g, encodeURIComponent);
  return {
    post,
    under,
    async forget(name, id) {
      const key = `/rollcall/${part(name)}/${part(id)}`;
      const found = (await under(key)).find((one) => one.key === key);
      if (found === undefined) throw new Error(`etcd has no ${key}`);
      await post('/lease/revoke', { ID: found.lease });
    },
    delete: async (key) => {
      await post('/kv/deleterange', { key: toBytes(key) });
    },
    put: async (key, value) => {
      await post('/kv/put', { key: toBytes(key), value: toBytes(value) });
    },
    leases: async () =>
      ((await post<{ leases?: { ID: string }[] }>('/lease/leases', {})).leases ?? []).map(({ ID }) => ID),
  };
}
