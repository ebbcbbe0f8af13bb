// Azure's storage emulator (blobs alone, in memory) on a free port of 127.0.0.1; prints the port, ends with its standard input.
import { createRequire } from "node:module";

const say = console.log;
console.log = (text) => {
  const found = /successfully listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(String(text));
  if (found) say(found[1]);
};
process.argv = [process.argv[0], "blob", "--blobHost", "127.0.0.1", "--blobPort", "0", "--silent", "--inMemoryPersistence", "--disableTelemetry"];
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
createRequire(import.meta.url)("azurite/dist/src/blob/main.js");
