const names = ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'];

/** True for a fault of the code, such as a mistake or a missing module: it says nothing about the network. */
export function isProgramError(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return names.includes(error.name) || code.includes('MODULE');
}
