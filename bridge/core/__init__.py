"""What the program does, without how: no arrays, sockets or waiting here."""
