#!/usr/bin/env node
import { runCli } from './run-cli';

// Not `process.exit`, which would cut off what is still on its way into a pipe.
process.exitCode = await runCli({
  arguments: process.argv.slice(2),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
});
