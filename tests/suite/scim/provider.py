"""scim2-server on a port of its own, which is the first line that it prints."""

import sys

from scim2_server.testserver import cli

make_server = cli.make_server


def announced(*arguments, **options):
    server = make_server(*arguments, **options)
    print(server.server_port, flush=True)
    return server


cli.make_server = announced
sys.argv = ["scim2-server", "--port", "0", *sys.argv[1:]]
cli.main()
