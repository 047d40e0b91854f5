/** What the program has of the process around it. */
export interface CliOptions {
  /** The command line, without the names of Node and of the script. */
  arguments: string[];
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  environment: Record<string, string | undefined>;
}
