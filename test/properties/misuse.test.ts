import { holds } from "../support/properties.ts";

holds("misuse", 150);
