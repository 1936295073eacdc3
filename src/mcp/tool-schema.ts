import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { describeIssue } from '../batch/rows/check-fields.js';

/** A schema as the protocol's SDK takes it: as JSON Schema for clients, and as a check that says what is wrong. */
export function toolSchema<Value>(
  schema: v.GenericSchema<unknown, Value>,
): StandardSchemaWithJSON<unknown, Value> {
  const { '~standard': standard } = toStandardJsonSchema(schema);
  return {
    '~standard': {
      ...standard,
      validate: (value) => {
        const checked = v.safeParse(schema, value, { abortEarly: true });
        if (checked.success) return { value: checked.output };
        return { issues: [{ message: describeIssue('argument', checked.issues[0]) }] };
      },
    },
  };
}
