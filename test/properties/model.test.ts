import { holds } from "../support/properties.ts";

holds("model", 200);
