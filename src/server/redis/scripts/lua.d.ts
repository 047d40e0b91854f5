/** A Lua script, as text: the build and the tests' loader make it one. */
declare module '*.lua' {
  const source: string;
  export default source;
}
