"""Starts a packaged function once behind the least of Lambda's runtime API, and says that it asked for an event and answered.

Usage: start.py COMMAND... The event asks for what cannot be: a server whose name leads nowhere. That it is refused in
words shows that the program runs, reads an event, resolves and answers; what it does with a server others test.

Source: "Lambda runtime API" of the AWS Lambda developer guide.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

# How long a start and an answer may take, emulated.
LIMIT_SECONDS = 60
EVENT = {"targets": [{"name": "nowhere", "connection": "postgresql://nobody@nowhere.invalid/postgres"}]}
DEADLINE_MS = "4102444800000"


class Runtime(BaseHTTPRequestHandler):
    """`next` is answered once; what is posted ends it."""

    def do_GET(self):
        body = json.dumps(EVENT).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", DEADLINE_MS)
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:x")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answer = (self.path.rsplit("/", 1)[-1], body.decode())
        threading.Thread(target=self.server.shutdown).start()

    def log_message(self, *_):
        pass


def main(command: list[str]) -> int:
    server = HTTPServer(("127.0.0.1", 0), Runtime)
    server.answer = None
    environment = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "x",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "PGQUERYLENS_AUTH": "password",
        "PGQUERYLENS_STATE": "memory:",
        "PGQUERYLENS_EMF_NAMESPACE": "pgquerylens",
        "PATH": os.environ["PATH"],
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        timer = threading.Timer(LIMIT_SECONDS, server.shutdown)
        timer.start()
        server.serve_forever(poll_interval=0.1)
        timer.cancel()
        process.kill()
        process.wait()
        if server.answer is None:
            log.seek(0)
            print(f"no answer in {LIMIT_SECONDS} s: {log.read().decode(errors='replace')[-2000:]}", file=sys.stderr)
            return 1
    kind, body = server.answer
    print(f"started, asked for an event, answered ({kind}): {body[:200]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
