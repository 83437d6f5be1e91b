/** A connection or an address failed. The message alone tells the user what is wrong. */
export class TransportError extends Error {
  override readonly name: string = "TransportError";
}

/** Another process already listens at the address. */
export class AddressInUseError extends TransportError {
  override readonly name = "AddressInUseError";
}

/** No process can listen at the address: it is too long, not a socket, or its directory is missing or not writable. */
export class AddressUnusableError extends TransportError {
  override readonly name = "AddressUnusableError";
}
