"""What goes in and out in files: CSV, vCard and LDIF."""
