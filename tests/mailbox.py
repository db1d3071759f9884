"""A mail server of a test's own, on a free port: it takes every message and keeps what it got."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class Mailbox:
    """`received`: the messages in their order; `refuses`: the server answers every message with 554."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.refuses = False
        self.port = 0

    def subjects(self) -> list[str]:
        """Of the messages since the last call."""
        found = [str(message["Subject"]) for message in self.received]
        self.received.clear()
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session of SMTP (RFC 5321), as much of it as a client needs."""

        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 mailbox")
        while line := await reader.readline():
            match line.split(b":")[0].strip().upper():
                case b"DATA":
                    say("354 go on")
                    lines = []
                    while (part := await reader.readline()).rstrip(b"\r\n") != b".":
                        lines.append(part[1:] if part.startswith(b"..") else part)
                    if not self.refuses:
                        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                        assert isinstance(message, EmailMessage)
                        self.received.append(message)
                    say("554 no" if self.refuses else "250 taken")
                case b"QUIT":
                    say("221 bye")
                    break
                case _:
                    say("250 well")
        writer.close()


def body(message: EmailMessage) -> str:
    """The HTML of a message."""
    part = next(part for part in message.walk() if part.get_content_type() == "text/html")
    return str(part.get_content()).strip()


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box, loop = Mailbox(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(box.serve, "127.0.0.1", 0))
    box.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield box
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.close()
