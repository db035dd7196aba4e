"""An address for callbacks, as a customer would write it with the vendor's library."""

import http.server
import json
import threading
import urllib.parse

from dingtalk.crypto import DingTalkCrypto

TOKEN = "SyncTok2026"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Receiver:
    """`answers` are what the next requests get instead of `success`: a status, text to seal, or None for nothing."""

    def __init__(self, owner):
        crypto = DingTalkCrypto(TOKEN, KEY, owner)
        self.crypto, self.events, self.answers, self.queries = crypto, [], [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                signature = query.get("signature") or query.get("msg_signature")
                plain = crypto.decrypt_message(body, signature, query["timestamp"], query["nonce"])
                outer.events.append(json.loads(plain))
                outer.queries.append(query)
                answer = outer.answers.pop(0) if outer.answers else "success"
                status = answer if isinstance(answer, int) else 200
                said = json.dumps(crypto.encrypt_message(answer if isinstance(answer, str) else "success")).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
