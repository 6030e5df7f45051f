/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rabbitmq_c - rabbitmq-c's headers: in a folder of their own in Debian 13, beside the system's in Debian 12
 */
#ifndef TRIBUTARY_BROKER_RABBITMQ_C_H
#define TRIBUTARY_BROKER_RABBITMQ_C_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#endif
