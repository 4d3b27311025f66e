# vulnerable
