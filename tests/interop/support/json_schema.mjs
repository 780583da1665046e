// The JSON Schema of the JSON dialect as functions, one for each direction.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';

const file = fileURLToPath(new URL('../../../protocol/json/json-dialect.schema.json', import.meta.url));
const schema = JSON.parse(readFileSync(file, 'utf8'));
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
ajv.addSchema(schema);
const direction = (name) => ajv.compile({ $ref: `${schema.$id}#/$defs/${name}` });

/** True if a client may send the message; `.errors` says why not. */
export const is_client_message = direction('client_message');

/** True if the server may send the message. */
export const is_server_message = direction('server_message');

/** Fails with what is wrong unless `is_message` accepts the message. */
export function matches_schema(is_message, message) {
  if (is_message(message)) return;
  assert.fail(`${JSON.stringify(message).slice(0, 500)}: ${ajv.errorsText(is_message.errors)}`);
}
