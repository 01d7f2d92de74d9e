/** False on Windows, which has no modes of files, no named pipes and no signals. */
export const isPosix = process.platform !== 'win32';

/** The modes of what only its owner may use, as `stat` shows them: Windows shows whether it can be written to. */
export const ownModes = isPosix ? { file: 0o600, folder: 0o700 } : { file: 0o666, folder: 0o666 };
