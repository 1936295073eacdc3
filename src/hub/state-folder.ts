/** Where this tool keeps what it remembers: the platform's data folder, on Linux `$XDG_DATA_HOME/llava`. */
export async function stateFolder(): Promise<string> {
  const { default: envPaths } = await import('env-paths');
  return envPaths('llava', { suffix: '' }).data;
}
