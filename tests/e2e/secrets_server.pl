# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# secrets_server.pl: repeats everything it is sent, as it is and encoded: an HTTP server on 127.0.0.1, and on a unix socket
# what stands in for a Docker Engine that runs a command which prints its environment.
# Usage: perl secrets_server.pl SOCKET. Prints its TCP port once it listens.
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use MIME::Base64;

$SIG{ALRM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
alarm 280;
my $tcp = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16) or die "tcp: $!";
my $unix = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 16) or die "$ARGV[0]: $!";
my $created = '';
STDOUT->autoflush(1);
print $tcp->sockport, "\n";

# request SOCKET: its head and its body; nothing when the peer has closed.
sub request {
    my ($socket) = @_;
    my ($head, $body) = ('', '');
    while ($head !~ /\r\n\r\n/) {
        sysread($socket, $head, 1, length $head) or return;
    }
    my $left = $head =~ /^content-length: *(\d+)/mi ? $1 : 0;
    while (length $body < $left) {
        sysread($socket, $body, $left - length $body, length $body) or return;
    }
    return ($head, $body);
}

sub answer {
    my ($socket, $status, $type, $body) = @_;
    my $length = length $body;
    syswrite $socket, "HTTP/1.1 $status\r\nContent-Type: $type\r\nContent-Length: $length\r\n"
        . "Connection: close\r\n\r\n$body";
}

sub percent {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub every_form {
    my ($text) = @_;
    return join "\n", $text, percent($text), map { encode_base64($_ . $text, '') } '', 'x', 'xy';
}

sub engine {
    my ($socket, $head, $body) = @_;
    if ($head =~ m{^GET \S*/version}) {
        return answer($socket, '200 OK', 'application/json', '{"Version":"1","ApiVersion":"1.41","MinAPIVersion":"1.12"}');
    } elsif ($head =~ m{^POST \S*/containers/[^/]+/exec}) {
        $created = $body;
        return answer($socket, '201 Created', 'application/json', '{"Id":"e1"}');
    } elsif ($head =~ m{^POST \S*/exec/e1/start}) {
        my $input = '';
        syswrite $socket, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        1 while IO::Select->new($socket)->can_read(5) && sysread($socket, $input, 4096, length $input);
        my $said = every_form($created . $input);
        syswrite $socket, pack('CxxxN', 1, length $said) . $said;
        return;
    }
    return answer($socket, '200 OK', 'application/json', '{"Running":false,"ExitCode":0}');
}

my $select = IO::Select->new($tcp, $unix);
while (1) {
    for my $ready ($select->can_read) {
        my $peer = $ready->accept or next;
        my ($head, $body) = request($peer);
        if (defined $head && $ready == $unix) {
            engine($peer, $head, $body);
        } elsif (defined $head) {
            my $status = $head =~ m{/broken} ? '500 Broken' : '200 OK';
            my $type = $head =~ m{/json} ? 'application/json' : 'text/plain';
            answer($peer, $status, $type, every_form($head . $body));
        }
        close $peer;
    }
}
