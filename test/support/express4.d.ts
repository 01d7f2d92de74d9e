/** The older one of the two, under the name by which it is installed beside the newer; what we use of it is the same. */
declare module 'express4' {
  export { default } from 'express';
}
