/** Additional fields of PROXY headers of version 2: type, length, value. */
import { InvalidProxyHeader, type ProxyTLS, type ProxyTLV } from "./header.ts";

/** Types of fields, as the specification assigns them. */
export const TLV = {
  alpn: 0x01,
  authority: 0x02,
  checksum: 0x03,
  uniqueId: 0x05,
  tls: 0x20,
} as const;

/** Types of the fields inside of the field `tls`. */
const TLS = { protocol: 0x21, commonName: 0x22, cipher: 0x23 } as const;

/** Bytes of the field `tls` before its own fields: flags, and the result of the verification. */
const TLS_FIXED_LENGTH = 5;
/** Flags: the client has presented a certificate on this connection, or earlier in its TLS session. */
const PRESENTED = 0x02 | 0x04;

/** @throws InvalidProxyHeader for a field that is longer than the rest of the header */
export function readTLVs(bytes: Uint8Array): ProxyTLV[] {
  const tlvs: ProxyTLV[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [type = 0, high = 0, low = 0] = bytes.subarray(at, at + 3);
    const start = at + 3;
    at = start + (high << 8) + low;
    if (at > bytes.length)
      throw new InvalidProxyHeader(
        "the PROXY header is invalid: its last field is longer than the rest of the header",
      );
    tlvs.push({ type, value: bytes.subarray(start, at) });
  }
  return tlvs;
}

/** @throws InvalidProxyHeader */
export function readTLS(bytes: Uint8Array): ProxyTLS {
  if (bytes.length < TLS_FIXED_LENGTH)
    throw new InvalidProxyHeader("the PROXY header is invalid: its field about TLS is too short");
  const [flags = 0, ...verify] = bytes.subarray(0, TLS_FIXED_LENGTH);
  const fields = readTLVs(bytes.subarray(TLS_FIXED_LENGTH));
  const text = (type: number) => {
    const value = fields.find((field) => field.type === type)?.value;
    return value && textOf(value);
  };
  const clientCertificate = (flags & PRESENTED) !== 0;
  return {
    protocol: text(TLS.protocol),
    cipher: text(TLS.cipher),
    clientCertificate,
    // 0 means success. Some balancers send it for clients without a certificate too.
    verified: clientCertificate && verify.every((byte) => byte === 0),
    commonName: text(TLS.commonName),
  };
}

const utf8 = new TextDecoder();

/** Returns UTF-8 as text. Invalid bytes become replacement characters: the text is for logs. */
export function textOf(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
