# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# sandbox_server.pl: listens in every way that a command could reach a daemon, and writes down who came.
# Usage: perl sandbox_server.pl FOLDER HIDDEN-FOLDER LOG ABSTRACT-NAME. Prints "tcp-port udp-port" once it listens.
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

my ($folder, $hidden, $log, $abstract) = @ARGV;
$SIG{ALRM} = sub { exit 0 };
alarm 280;
open(my $out, '>>', $log) or die "$log: $!";
$out->autoflush(1);

my %names;
my $select = IO::Select->new;

sub add {
    my ($name, $socket) = @_;
    $socket or die "$name: $!";
    $names{$socket} = $name;
    $select->add($socket);
    return $socket;
}

my $tcp = add('tcp', IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16));
my $udp = add('udp', IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp'));
add('stream', IO::Socket::UNIX->new(Local => "$folder/stream.sock", Listen => 16));
add('hidden', IO::Socket::UNIX->new(Local => "$hidden/stream.sock", Listen => 16));
add('datagram', IO::Socket::UNIX->new(Local => "$folder/datagram.sock", Type => SOCK_DGRAM));
add('abstract', IO::Socket::UNIX->new(Local => "\0$abstract", Listen => 16));
chmod 0777, "$hidden/stream.sock", "$folder/stream.sock", "$folder/datagram.sock";
STDOUT->autoflush(1);
print $tcp->sockport, ' ', $udp->sockport, "\n";

while (1) {
    for my $ready ($select->can_read) {
        my $name = $names{$ready};
        if ($name eq 'udp' || $name eq 'datagram') {
            $ready->recv(my $data, 100);
        }
        else {
            my $peer = $ready->accept;
            close $peer if $peer;
        }
        print $out "$name\n";
    }
}
