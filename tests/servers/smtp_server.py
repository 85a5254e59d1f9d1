"""A mail server on 127.0.0.1 that behaves as it is told: aiosmtpd, with certificates of an authority of its own.

It writes the certificate of the authority to FOLDER/ca.pem, says {"port": N} on its standard output, and then one line
of JSON for each connection and each message that it took. It ends with its standard input.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
import threading
from email import message_from_bytes, policy

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

arguments = argparse.ArgumentParser()
arguments.add_argument("folder")
arguments.add_argument("--encryption", choices=["none", "starttls", "tls"], default="none")
arguments.add_argument("--user")
arguments.add_argument("--password")
arguments.add_argument("--repeats-password", action="store_true", help="says the password it got when it is wrong")
arguments.add_argument("--refuse", action="append", default=[], help="a recipient: 550")
arguments.add_argument("--put-off", action="append", default=[], help="a recipient: 450")
arguments.add_argument("--refuse-message", action="store_true", help="554 after the message")
arguments.add_argument("--silent", choices=["at-once", "drip", "after-message"], help="where it stops to answer")
options = arguments.parse_args()


def say(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in options.refuse:
            return "550 5.1.1 no such mailbox"
        if address in options.put_off:
            return "450 4.2.1 the mailbox is busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if options.refuse_message:
            return "554 5.6.0 not such a message"
        mail = message_from_bytes(envelope.content, policy=policy.default)
        say(
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            headers={name.lower(): str(value) for name, value in mail.items()},
            body=mail.get_content(),
            defects=[repr(defect) for defect in mail.defects],
            encrypted=session.ssl is not None or options.encryption == "tls",
            login=session.auth_data and session.auth_data.decode(),
        )
        if options.silent == "after-message":
            await asyncio.sleep(3600)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    assert isinstance(data, LoginPassword)
    if data.login == options.user.encode() and data.password == options.password.encode():
        return AuthResult(success=True, auth_data=data.login)
    if options.repeats_password:
        return AuthResult(success=False, handled=False, message=f"535 no: {data.password.decode()}")
    return AuthResult(success=False, handled=False, message="535 5.7.8 Authentication credentials invalid")


class Silent(asyncio.Protocol):
    def connection_made(self, transport):
        say(connected=True)
        self.transport = transport
        if options.silent == "drip":
            self.transport.write(b"220-")
            self.drip()

    def drip(self):
        if not self.transport.is_closing():
            self.transport.write(b"x")
            asyncio.get_running_loop().call_later(0.02, self.drip)


def certificates():
    authority = trustme.CA()
    authority.cert_pem.write_to_path(os.path.join(options.folder, "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def protocol(context):
    if options.silent in ("at-once", "drip"):
        return Silent()
    say(connected=True)
    return SMTP(
        Handler(),
        hostname="mail.example",
        tls_context=context if options.encryption == "starttls" else None,
        require_starttls=options.encryption == "starttls",
        authenticator=authenticate if options.user else None,
        auth_required=bool(options.user),
        auth_require_tls=options.encryption == "starttls",
    )


async def main():
    context = certificates()
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(context), "127.0.0.1", 0, ssl=context if options.encryption == "tls" else None
    )
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


def end_with_the_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_input, daemon=True).start()
asyncio.run(main())
