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
use crate::vhost::Commit;

impl Service {
    pub(super) fn handle_exchange(
        &mut self,
        at: ChannelId,
        method: Method<'_>,
    ) -> Result<(), Exception> {
        let (commit, no_wait, reply) = match method {
            Method::ExchangeDeclare { no_wait, .. } => {
                let commit = self.handle_exchange_declare(method)?;
                (commit, no_wait, AMQPMethod::DeclareOk(DeclareOk {}))
            }
            Method::ExchangeDelete { exchange, if_unused, no_wait } => {
                let condition =
                    if if_unused { DeleteCondition::IfUnused } else { DeleteCondition::Always };
                let commit =
                    self.vhost.delete_exchange(&exchange_name(exchange)?, condition, &self.user)?;
                (commit, no_wait, AMQPMethod::DeleteOk(DeleteOk {}))
            }
            Method::ExchangeBind { destination, source, routing_key, no_wait, arguments } => {
                let ends = [destination, source];
                let bind = self.exchange_binding(ends, routing_key, arguments)?;
                (self.vhost.bind(bind, &self.user)?, no_wait, AMQPMethod::BindOk(BindOk {}))
            }
            Method::ExchangeUnbind { destination, source, routing_key, no_wait, arguments } => {
                let ends = [destination, source];
                let bind = self.exchange_binding(ends, routing_key, arguments)?;
                (self.vhost.unbind(bind, &self.user)?, no_wait, AMQPMethod::UnbindOk(UnbindOk {}))
            }
            _ => return Ok(()),
        };
        self.reply_after(commit, at, no_wait, AMQPClass::Exchange(reply));
        Ok(())
    }

    fn handle_exchange_declare(&self, method: Method<'_>) -> Result<Commit, Exception> {
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
            return Err(invalid("not exchange.declare"));
        };
        let name = exchange_name(exchange)?;
        if passive {
            self.vhost.check_exchange(&name)?;
            return Ok(Commit::done());
        }
        check_not_default(&name)?;
        let definition = ExchangeDefinition {
            name,
            kind: ExchangeKind::parse(kind)?,
            durable,
            auto_delete,
            internal,
            arguments: arguments.to_owned(),
            waits_in: None,
        };
        Ok(self.vhost.declare_exchange(definition, &self.user)?)
    }

    fn exchange_binding(
        &self,
        [destination, source]: [&str; 2],
        routing_key: &str,
        arguments: TableRef<'_>,
    ) -> Result<BindCommand, Exception> {
        let key = BindingKey::parse(routing_key).map_err(invalid)?;
        let destination = Destination::Exchange(exchange_name(destination)?);
        let binding = Binding::new(destination, key, arguments);
        Ok(BindCommand { source: exchange_name(source)?, binding, connection: self.id })
    }
}
