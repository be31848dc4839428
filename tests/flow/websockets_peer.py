#!/usr/bin/env python3
"""A WebSocket server that we did not write (python3-websockets of Debian 12), for the session to talk to.

    websockets_peer.py CERTIFICATE KEY

Prints its port as the first line and ends when standard input does. The path says what a connection gets:
/compressed, /plain, /fragments, /pings, /echo, /close/CODE.
"""
import asyncio
import ssl
import sys

import websockets

MESSAGES = [f'{{"channel":"trade","n":{n},"pad":"{"ab" * n}"}}' for n in range(200)]


async def messages(ws):
    for message in MESSAGES:
        await ws.send(message)
    await ws.wait_closed()


async def fragments(ws):
    for message in MESSAGES:
        third = len(message) // 3
        await ws.send([message[:third], message[third:2 * third], message[2 * third:]])
    await ws.wait_closed()


async def pings(ws):
    for n in range(5):
        answered = await ws.ping(f"ping {n}")
        await answered
    await ws.send("five pongs")
    await ws.wait_closed()


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def serve(ws):
    kinds = {"/compressed": messages, "/plain": messages, "/fragments": fragments, "/pings": pings, "/echo": echo}
    if ws.path.startswith("/close/"):
        await ws.send("going")
        await ws.close(int(ws.path.rpartition("/")[2]), "as asked")
    else:
        await kinds[ws.path](ws)


async def main(certificate, key):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    async with websockets.serve(serve, "127.0.0.1", 0, ssl=tls, compression="deflate", max_size=2 ** 24) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
