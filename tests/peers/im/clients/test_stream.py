"""Stream mode with `dingtalk-stream` and its WebSocket."""

import asyncio
import threading
import time
import unittest

import dingtalk_stream
from dingtalk_stream import AckMessage
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from simulator import SimulatorTest, request


class Handler(dingtalk_stream.EventHandler):
    def __init__(self):
        super().__init__()
        self.events, self.answers = [], []

    async def process(self, event):
        self.events.append(event)
        return (self.answers.pop(0) if self.answers else AckMessage.STATUS_OK), "OK"


class Stream(SimulatorTest):
    def setUp(self):
        super().setUp()
        # The library reads the host from its environment when it is imported, into this attribute.
        dingtalk_stream.DingTalkStreamClient.OPEN_CONNECTION_API = self.simulator.api + "/v1.0/gateway/connections/open"
        self.handler = Handler()
        self.client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential("dingstream003", "STREAM"))
        self.client.register_all_event_handler(self.handler)
        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(self.client.start())
        self.thread = threading.Thread(target=self.run_client, daemon=True)
        self.thread.start()
        self.until(lambda: self.sockets(), "a socket")

    def run_client(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def tearDown(self):
        async def end():
            # The client reconnects for ever, and on being cancelled too.
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()
            if self.client.websocket:
                await self.client.websocket.close()
        asyncio.run_coroutine_threadsafe(end(), self.loop).result(20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.simulator.control("POST", "/streams", {"drop": True})
        self.until(lambda: not self.sockets(), "no socket")
        super().tearDown()

    def sockets(self):
        return [one for one in self.simulator.control("GET", "/streams") if one["open"]]

    def until(self, condition, what):
        """The other side of a socket has no way to say that it is done, so this asks until it is."""
        for _ in range(6000):
            if condition():
                return
            time.sleep(0.01)
        self.fail(f"waited in vain for {what}")

    def progress(self):
        return [one["progress"] for one in self.simulator.control("GET", "/events")]

    def test_an_event_arrives_and_is_acknowledged(self):
        known = len(self.progress())
        self.simulator.control("POST", "/people/u77", {"name": "Streamed"})
        self.until(lambda: self.progress()[known:] == ["done"], "an acknowledgement")
        event = self.handler.events[0]
        self.assertEqual((event.headers.event_type, event.headers.event_corp_id, event.headers.topic),
                         ("user_add_org", "dingcorp0001", "*"))
        self.assertEqual(event.data["userId"], ["u77"])
        self.assertEqual(event.headers.event_born_time, int(event.data["timeStamp"]))

    def test_what_is_not_acknowledged_comes_again(self):
        known = len(self.progress())
        self.handler.answers = [AckMessage.STATUS_SYSTEM_EXCEPTION]
        self.simulator.control("POST", "/fire", {"type": "org_change"})
        self.until(lambda: self.sockets()[0]["said"], "an answer")
        self.assertEqual(self.progress()[known:], ["waiting"])
        self.simulator.control("POST", "/clock", {"advance": 60_000})
        self.until(lambda: self.progress()[known:] == ["done"], "an acknowledgement")
        self.assertEqual(len(self.handler.events), 2)
        self.assertEqual(self.handler.events[0].headers.event_id, self.handler.events[1].headers.event_id)

    def test_a_ping_is_answered_with_its_own_data(self):
        message = self.simulator.control("POST", "/streams", {"system": "ping"})["messages"][0]
        self.until(lambda: self.sockets()[0]["said"], "an answer")
        answer = self.sockets()[0]["said"][0]
        self.assertEqual((answer["code"], answer["headers"]["messageId"]), (200, message))
        self.assertIn("opaque", answer["data"])

    def test_the_client_comes_back_after_disconnect(self):
        known = len(self.progress())
        first = self.sockets()[0]["connection"]
        self.simulator.control("POST", "/streams", {"system": "disconnect"})
        self.until(lambda: any(one["connection"] != first for one in self.sockets()), "a new socket")
        self.simulator.control("POST", "/fire", {"type": "org_change"})
        self.until(lambda: self.progress()[known:] == ["done"], "an acknowledgement")


class Gateway(SimulatorTest):
    def test_a_ticket_is_for_one_socket_and_xml_is_for_who_asks_for_it(self):
        body = {"clientId": "dingstream003", "clientSecret": "STREAM", "subscriptions": [{"type": "EVENT", "topic": "*"}]}
        path = self.simulator.api + "/v1.0/gateway/connections/open"
        status, answer = request("POST", path, body)
        self.assertEqual((status, set(answer)), (200, {"endpoint", "ticket"}))
        status, answer = request("POST", path, body, headers={"Accept": "*/*"})
        self.assertTrue(answer.startswith("<"), answer)
        status, answer = request("POST", path, {**body, "clientSecret": "wrong"})
        self.assertEqual((status, answer["code"]), (400, "invalidClientIdOrSecret"))
        _, answer = request("POST", path, body)
        uri = f"{answer['endpoint']}?ticket={answer['ticket']}"
        with connect(uri):
            pass
        for refused in [uri, answer["endpoint"], answer["endpoint"] + "?ticket=none"]:
            with self.assertRaises(InvalidStatus) as caught:
                connect(refused)
            self.assertEqual(caught.exception.response.status_code, 401)


if __name__ == "__main__":
    unittest.main()
