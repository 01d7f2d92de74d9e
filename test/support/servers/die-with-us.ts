import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Sees to it that a process we started, and a directory it used, do not outlive us, even when we are killed: a small
 * shell waits for the pipe from us to break. Returns the function that calls it off, for when the process has ended.
 */
export function dieWithUs(pid: number, directory?: string): () => void {
  const script =
    'read -r word; [ "$word" = off ] && exit; kill -9 "$1" 2>/dev/null; [ -n "$2" ] && { sleep 0.2; rm -rf "$2"; }';
  // Detached: a Ctrl-C in the terminal must end us, not the one who tidies up after us.
  const watcher = spawn('/bin/sh', ['-c', script, 'die-with-us', String(pid), directory ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  (watcher.stdin as Socket).unref();
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  return () => watcher.stdin.end('off\n');
}
