# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# secrets_watch.pl: looks at the command line and the environment of every process, again and again, for a word that is in
# a file. Prints each place once: "cmdline PID NAME", "environ PID NAME", and "given PID NAME" where CANARY_GIVEN says that the
# process was given it on purpose. Usage: perl secrets_watch.pl FILE; it ends with a signal, or after 280 s.
use strict;
use warnings;

$SIG{ALRM} = sub { exit 0 };
$SIG{TERM} = sub { exit 0 };
alarm 280;
$| = 1;

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or return '';
    local $/;
    my $text = <$file>;
    return defined $text ? $text : '';
}

my $word = slurp($ARGV[0]);
chomp $word;
my %seen;
print "watching\n";
while (1) {
    for my $folder (glob '/proc/[0-9]*') {
        my ($pid) = $folder =~ /(\d+)$/;
        for my $what ('cmdline', 'environ') {
            my $text = slurp("$folder/$what");
            next if index($text, $word) < 0;
            my $given = $what eq 'environ' && $text =~ /(^|\0)CANARY_GIVEN=/ ? 'given' : $what;
            my $name = slurp("$folder/comm");
            chomp $name;
            print "$given $pid $name\n" unless $seen{"$given $pid"}++;
        }
    }
    select undef, undef, undef, 0.02;
}
