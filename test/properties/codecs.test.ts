import { describe } from "vitest";
import { holds } from "../support/properties.ts";

describe("bytes", () => holds("codecs", 3000));
describe("values", () => holds("codecs, values", 3000));
