import type { Report } from "./report.ts";
import { isPlainObject } from "./report.ts";
import {
  ARGUMENT_TRANSFORMS,
  type ArgumentTransformName,
  inspectPattern,
  PLAIN_TRANSFORMS,
  type PlainTransformName,
  type Transform,
  type TransformSpec,
} from "./transform.ts";

const TRANSFORM_NAMES = [...PLAIN_TRANSFORMS, ...ARGUMENT_TRANSFORMS];
const MAX_TRANSFORMS = 10;
const MAX_CHARACTER_COUNT = 1_000;

/** Checks one side's transforms: a name, an object, or a list of at most 10. Undefined once a problem was reported. */
export function parseTransformSpec(input: unknown, path: string, report: Report): TransformSpec | undefined {
  if (!Array.isArray(input)) return parseTransform(input, path, report);
  if (input.length > MAX_TRANSFORMS) {
    report.add(path, "too_many_transforms", `At most ${MAX_TRANSFORMS} transforms a side.`);
  }
  const parsed = input
    .slice(0, MAX_TRANSFORMS)
    .map((entry, index) => parseTransform(entry, `${path}/${index}`, report));
  const list = parsed.filter((entry) => entry !== undefined);
  return list.length === input.length ? list : undefined;
}

function parseTransform(input: unknown, path: string, report: Report): PlainTransformName | Transform | undefined {
  if (typeof input === "string") {
    if (isPlainName(input)) return input;
    if (!isArgumentName(input)) return reportName(path, report);
    report.add(path, "required", `"${input}" needs args: ${ARGS_EXAMPLES[input]}.`);
    return undefined;
  }
  if (!isPlainObject(input)) {
    report.add(path, "invalid_type", 'Must be the name of a transform or an object {"name": …, "args": …}.');
    return undefined;
  }
  report.unknownKeys(input, ["name", "args"], path);
  const { name, args } = input;
  if (name === undefined) {
    report.add(`${path}/name`, "required", `Must be one of ${TRANSFORM_NAMES.join(", ")}.`);
    return undefined;
  }
  if (isPlainName(name)) return parsePlain(name, args, `${path}/args`, report);
  if (!isArgumentName(name)) return reportName(`${path}/name`, report);
  if (!isPlainObject(args)) {
    report.add(`${path}/args`, args === undefined ? "required" : "invalid_type", `Must be ${ARGS_EXAMPLES[name]}.`);
    return undefined;
  }
  return name === "regex_extract"
    ? parseExtract(args, `${path}/args`, report)
    : parseCount(name, args, `${path}/args`, report);
}

function parsePlain(name: PlainTransformName, args: unknown, path: string, report: Report): Transform | undefined {
  if (args === undefined) return { name };
  if (!isPlainObject(args) || Object.keys(args).length > 0) {
    report.add(path, "invalid_args", `"${name}" takes no args.`);
    return undefined;
  }
  return { name };
}

function parseCount(
  name: "first_n_chars" | "last_n_chars",
  args: Record<string, unknown>,
  path: string,
  report: Report,
): Transform | undefined {
  report.unknownKeys(args, ["n"], path);
  const { n } = args;
  if (typeof n === "number" && Number.isInteger(n) && n >= 1 && n <= MAX_CHARACTER_COUNT) return { name, args: { n } };
  const message = `Must be a whole number from 1 to ${MAX_CHARACTER_COUNT}.`;
  report.add(`${path}/n`, n === undefined ? "required" : "invalid_args", message);
  return undefined;
}

function parseExtract(args: Record<string, unknown>, path: string, report: Report): Transform | undefined {
  report.unknownKeys(args, ["pattern", "group"], path);
  const { pattern, group } = args;
  const isGroupNumber = group === undefined || (typeof group === "number" && Number.isInteger(group) && group >= 0);
  if (!isGroupNumber) report.add(`${path}/group`, "invalid_args", "Must be a whole number, 0 being the whole match.");
  if (typeof pattern !== "string") {
    const code = pattern === undefined ? "required" : "invalid_type";
    report.add(`${path}/pattern`, code, "Must be a pattern as a string.");
    return undefined;
  }
  const inspected = inspectPattern(pattern);
  if (!("groups" in inspected)) {
    report.add(`${path}/pattern`, inspected.code, inspected.message);
    return undefined;
  }
  if (!isGroupNumber) return undefined;
  if (group !== undefined && group > inspected.groups) {
    report.add(`${path}/group`, "invalid_args", `The pattern has ${inspected.groups} groups; name one of them, or 0.`);
    return undefined;
  }
  return { name: "regex_extract", args: group === undefined ? { pattern } : { pattern, group } };
}

const ARGS_EXAMPLES = {
  first_n_chars: '{"n": 8}',
  last_n_chars: '{"n": 8}',
  regex_extract: '{"pattern": "INV-(\\\\d+)", "group": 1}',
};

function reportName(path: string, report: Report): undefined {
  report.add(path, "unknown_transform", `Must be one of ${TRANSFORM_NAMES.join(", ")}.`);
}

function isPlainName(name: unknown): name is PlainTransformName {
  return (PLAIN_TRANSFORMS as readonly unknown[]).includes(name);
}

function isArgumentName(name: unknown): name is ArgumentTransformName {
  return (ARGUMENT_TRANSFORMS as readonly unknown[]).includes(name);
}
