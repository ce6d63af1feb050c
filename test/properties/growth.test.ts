import { holds } from "../support/properties.ts";

holds("growth", 12);
