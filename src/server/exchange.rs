//! The methods of class exchange (spec 1.5; RabbitMQ's exchange to exchange bindings).

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::exchange::{AMQPMethod, BindOk, DeclareOk, DeleteOk, UnbindOk};

use super::service::{Service, exchange_name, invalid};
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::name::BindingKey;
use crate::amqp::table::TableRef;
use crate::codec::method::Method;
use crate::exchange::binding::{Binding, Destination};
use crate::exchange::kind::ExchangeKind;
use crate::topology::command::{BindCommand, DeleteCondition};
use crate::topology::exchange::ExchangeDefinition;
use crate::topology::state::check_not_default;

impl Service {
    pub(super) fn handle_exchange(
        &mut self,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        match method {
            Method::ExchangeDeclare { no_wait, .. } => {
                self.handle_exchange_declare(method)?;
                self.reply(at, no_wait, AMQPClass::Exchange(AMQPMethod::DeclareOk(DeclareOk {})));
            }
            Method::ExchangeDelete { exchange, if_unused, no_wait } => {
                let condition =
                    if if_unused { DeleteCondition::IfUnused } else { DeleteCondition::Always };
                self.vhost.delete_exchange(exchange_name(exchange)?, condition)?;
                self.reply(at, no_wait, AMQPClass::Exchange(AMQPMethod::DeleteOk(DeleteOk {})));
            }
            Method::ExchangeBind { destination, source, routing_key, no_wait, arguments } => {
                self.vhost.bind(self.exchange_binding(
                    destination,
                    source,
                    routing_key,
                    arguments,
                )?)?;
                self.reply(at, no_wait, AMQPClass::Exchange(AMQPMethod::BindOk(BindOk {})));
            }
            Method::ExchangeUnbind { destination, source, routing_key, no_wait, arguments } => {
                self.vhost.unbind(self.exchange_binding(
                    destination,
                    source,
                    routing_key,
                    arguments,
                )?)?;
                self.reply(at, no_wait, AMQPClass::Exchange(AMQPMethod::UnbindOk(UnbindOk {})));
            }
            _ => {}
        }
        Ok(())
    }

    fn handle_exchange_declare(&self, method: Method<'_>) -> Result<(), Exception> {
        let Method::ExchangeDeclare {
            exchange,
            kind,
            passive,
            durable,
            auto_delete,
            internal,
            arguments,
            ..
        } = method
        else {
            return Ok(());
        };
        let name = exchange_name(exchange)?;
        if passive {
            return Ok(self.vhost.check_exchange(&name)?);
        }
        check_not_default(&name)?;
        Ok(self.vhost.declare_exchange(ExchangeDefinition {
            name,
            kind: ExchangeKind::parse(kind)?,
            durable,
            auto_delete,
            internal,
            arguments: arguments.to_owned(),
        })?)
    }

    fn exchange_binding(
        &self,
        destination: &str,
        source: &str,
        routing_key: &str,
        arguments: TableRef<'_>,
    ) -> Result<BindCommand, Exception> {
        let key = BindingKey::parse(routing_key).map_err(invalid)?;
        let destination = Destination::Exchange(exchange_name(destination)?);
        let binding = Binding::new(destination, key, arguments);
        Ok(BindCommand { source: exchange_name(source)?, binding, connection: self.id })
    }
}
