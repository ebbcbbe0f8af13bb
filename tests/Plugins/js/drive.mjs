// A Google Drive on a free port of 127.0.0.1: google-drive-mock, and what it lacks (tokens, exports, files with bytes). Prints the port, ends with its standard input.
import { createVerify } from "node:crypto";
import { createRequire } from "node:module";
import express from "express";

const require = createRequire(import.meta.url);
const { createApp } = require("google-drive-mock");
const { driveStore } = require("google-drive-mock/dist/store.js");
const app = express();
const raw = express.raw({ type: () => true, limit: "200mb" });
let key = "";

// Tests lay down files, and the public key of their service account.
app.post("/control/key", raw, (request, response) => {
  key = request.body.toString();
  response.end();
});
app.post("/control/file", raw, (request, response) => {
  const { name, parent, mime } = request.query;
  const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const known = driveStore.listFiles().find((f) => request.query.replace && f.name === name && f.parents.includes(parent));
  const file = known ? driveStore.updateFile(known.id, { content }) : driveStore.createFile({ name, parents: [parent], mimeType: mime, content });
  if (mime === "application/vnd.google-apps.folder" || mime === "application/vnd.google-apps.spreadsheet") {
    delete driveStore.getFile(file.id).size;
    delete driveStore.getFile(file.id).md5Checksum;
  }
  response.json({ id: file.id });
});

// A claim counts when it is signed by the account's key, for this address, and has not ended.
app.post("/token", express.urlencoded({ extended: false }), (request, response) => {
  const refuse = (text) => response.status(400).json({ error: "invalid_grant", error_description: text });
  const { grant_type, assertion, refresh_token, client_id, client_secret } = request.body;
  if (grant_type === "refresh_token") {
    if (refresh_token !== "refresh" || client_id !== "client" || client_secret !== "secret") return refuse("Bad Request");
  } else {
    const [head, claims, signature] = (assertion ?? "").split(".");
    const said = JSON.parse(Buffer.from(claims ?? "e30", "base64url").toString());
    const isSigned = key && createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(key, Buffer.from(signature ?? "", "base64url"));
    if (!isSigned) return refuse("Invalid JWT Signature.");
    const now = Date.now() / 1000;
    if (said.iss !== "reader@project.example" || !said.scope.endsWith("/auth/drive.readonly") || !said.aud.endsWith("/token") || said.exp <= now || said.exp > now + 3600) return refuse("Invalid JWT.");
  }
  response.json({ access_token: "valid-token", expires_in: 3599, token_type: "Bearer" });
});

app.get("/drive/v3/files/:id/export", (request, response) => {
  if (request.headers.authorization !== "Bearer valid-token") return response.status(401).json({ error: { code: 401, message: "Unauthorized" } });
  const file = driveStore.getFile(request.params.id);
  if (file?.mimeType !== "application/vnd.google-apps.spreadsheet") return response.status(403).json({ error: { code: 403, message: "Export only supports Docs Editors files." } });
  response.type(request.query.mimeType).send(file.content);
});

// The service knows folders that are not there; the mock lists nothing.
app.get("/drive/v3/files", (request, response, next) =>
  request.query.q?.startsWith("'gone'") ? response.status(404).json({ error: { code: 404, message: "File not found: .", errors: [{ reason: "notFound" }] } }) : next());

app.use(createApp());
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
