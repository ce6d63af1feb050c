import { holds } from "../support/properties.ts";

holds("generated code", 15);
