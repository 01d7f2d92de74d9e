import { rawConsul } from '../../support/servers/raw-consul.js';

const DEADLINE_MS = 5_000;
const TRIES = 3;

/** What the control does wrong: it tries the first agent again, as often and as long as it would if that were the only one. */
export async function registerPatiently(urls: readonly string[], name: string): Promise<void> {
  for (const url of urls)
    for (let attempt = 1; attempt <= TRIES; attempt += 1) if (await registeredAt(url, name).catch(() => false)) return;
}

async function registeredAt(url: string, name: string): Promise<boolean> {
  const consul = rawConsul(url, { timeoutMs: DEADLINE_MS });
  const check = { Name: 'Heartbeat', TTL: '10s', Status: 'passing' };
  try {
    return (await consul.put('/v1/agent/service/register', { ID: name, Name: name, Check: check })).status === 200;
  } finally {
    consul.close();
  }
}
