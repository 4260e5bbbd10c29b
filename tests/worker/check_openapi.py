"""Validates an OpenAPI document, and responses against its schemas.

Reads {"document": …, "answers": [{"name": …, "schema": "/paths/…", "value": …}]} from standard input, where `schema` is
a JSON pointer into the document and `value` a response. Prints one line for each error; exits with 1 if there is one.
"""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:lectern:openapi"


def find_errors(document, answers):
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"the document at {list(error.absolute_path)}: {error.message}"
    resource = Resource(contents=document, specification=DRAFT202012)
    registry = Registry().with_resource(DOCUMENT, resource)
    for answer in answers:
        schema = {"$ref": f"{DOCUMENT}#{answer['schema']}"}
        validator = Draft202012Validator(
            schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        for error in validator.iter_errors(answer["value"]):
            yield f"{answer['name']} at {list(error.absolute_path)}: {error.message}"


def main():
    task = json.load(sys.stdin)
    found = list(find_errors(task["document"], task["answers"]))
    for message in found:
        print(message)
    sys.exit(1 if found else 0)


main()
