import { holds } from "../support/properties.ts";

holds("reader", 300);
