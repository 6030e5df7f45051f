#!/bin/bash
# The contract of the gateway, read as a reader of OpenAPI would.
exec /usr/bin/python3 "$(dirname "$0")/openapi.py"
