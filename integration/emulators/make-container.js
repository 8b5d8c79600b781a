// Makes a container in Azurite, which wants the request to be signed.
// Usage: node make-container.js URL ACCOUNT KEY CONTAINER
"use strict";
const crypto = require("crypto");
const http = require("http");

const [base, account, key, container] = process.argv.slice(2);
const url = new URL(`${base}/${container}?restype=container`);
const headers = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-08-06" };
const lines = [
  "PUT", "", "", "", "", "", "", "", "", "", "", "",
  `x-ms-date:${headers["x-ms-date"]}`,
  `x-ms-version:${headers["x-ms-version"]}`,
  `/${account}${url.pathname}`,
  "restype:container",
];
const signature = crypto.createHmac("sha256", Buffer.from(key, "base64")).update(lines.join("\n")).digest("base64");
headers.Authorization = `SharedKey ${account}:${signature}`;
headers["Content-Length"] = 0;

const request = http.request(url, { method: "PUT", headers }, (answer) => {
  if (answer.statusCode === 201) process.exit(0);
  answer.pipe(process.stderr);
  answer.on("end", () => process.exit(1));
});
request.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
request.end();
