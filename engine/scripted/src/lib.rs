//! A scripted model server over real loopback HTTP, speaking both wires from the server's side.
