// An S3 server on a free port of 127.0.0.1; prints the port, ends with its standard input.
import { buildApp } from "fauxqs";

const app = buildApp({ logger: false });
const address = await app.listen({ port: 0, host: "127.0.0.1" });
console.log(new URL(address).port);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
