"""Leads as files on a buyer's FTP, FTPS or SFTP server."""
