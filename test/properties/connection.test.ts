import { holds } from "../support/properties.ts";

holds("connection", 250);
