"""Stories about the operator simulator, told over real sockets."""
