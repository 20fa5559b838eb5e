/** The wire, as the server's structs describe it. */
export * from '../../../protocol/generated/messages';
