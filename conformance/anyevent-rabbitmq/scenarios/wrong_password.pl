use v5.36;
use Support;

# The broker closes the connection, and says why to who can be told.
my $capabilities = { capabilities => { authentication_failure_close => Net::AMQP::Value::true } };
for my $properties ({}, $capabilities) {
    my $accepted = eval { open_connection(pass => 'wrong', client_properties => $properties) };
    check(!$accepted, 'a wrong password was accepted');
    my $expected = %$properties ? qr/^403 ACCESS_REFUSED/ : qr/^connect: (?!nothing came)/;
    matches($@, $expected);
}
