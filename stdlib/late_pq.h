/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* late_pq.h: libpq, loaded when its first function is called: with what it pulls in it would
 * take half of the time in which `belay list` starts. */
#ifndef BL_LATE_PQ_H
#define BL_LATE_PQ_H

#include <libpq-fe.h>

/* Every function that is used; a name here has its line below. */
#define BL_PQ_FUNCTIONS(X)                                                                     \
    X(PQcancel)                                                                                \
    X(PQclear)                                                                                 \
    X(PQcmdStatus)                                                                             \
    X(PQcmdTuples)                                                                             \
    X(PQconnectPoll)                                                                           \
    X(PQconnectStartParams)                                                                    \
    X(PQconsumeInput)                                                                          \
    X(PQenterPipelineMode)                                                                     \
    X(PQerrorMessage)                                                                          \
    X(PQfinish)                                                                                \
    X(PQflush)                                                                                 \
    X(PQfname)                                                                                 \
    X(PQfreeCancel)                                                                            \
    X(PQfreemem)                                                                               \
    X(PQftype)                                                                                 \
    X(PQgetCancel)                                                                             \
    X(PQgetResult)                                                                             \
    X(PQgetisnull)                                                                             \
    X(PQgetlength)                                                                             \
    X(PQgetvalue)                                                                              \
    X(PQisBusy)                                                                                \
    X(PQnfields)                                                                               \
    X(PQnotifies)                                                                              \
    X(PQntuples)                                                                               \
    X(PQpipelineSync)                                                                          \
    X(PQresStatus)                                                                             \
    X(PQresultErrorField)                                                                      \
    X(PQresultErrorMessage)                                                                    \
    X(PQresultStatus)                                                                          \
    X(PQsendQueryParams)                                                                       \
    X(PQsetNoticeReceiver)                                                                     \
    X(PQsetSingleRowMode)                                                                      \
    X(PQsetnonblocking)                                                                        \
    X(PQsocket)                                                                                \
    X(PQstatus)                                                                                \
    X(PQtransactionStatus)

#define BL_PQ_MEMBER(name) __typeof__(name) *name;
struct bl_pq {
    BL_PQ_FUNCTIONS(BL_PQ_MEMBER)
};
#undef BL_PQ_MEMBER

/* The library's functions. Loads it the first time, from any thread; where it is not there
 * the program ends with a line that says what to install. */
const struct bl_pq *bl_pq(void);

#define PQcancel bl_pq()->PQcancel
#define PQclear bl_pq()->PQclear
#define PQcmdStatus bl_pq()->PQcmdStatus
#define PQcmdTuples bl_pq()->PQcmdTuples
#define PQconnectPoll bl_pq()->PQconnectPoll
#define PQconnectStartParams bl_pq()->PQconnectStartParams
#define PQconsumeInput bl_pq()->PQconsumeInput
#define PQenterPipelineMode bl_pq()->PQenterPipelineMode
#define PQerrorMessage bl_pq()->PQerrorMessage
#define PQfinish bl_pq()->PQfinish
#define PQflush bl_pq()->PQflush
#define PQfname bl_pq()->PQfname
#define PQfreeCancel bl_pq()->PQfreeCancel
#define PQfreemem bl_pq()->PQfreemem
#define PQftype bl_pq()->PQftype
#define PQgetCancel bl_pq()->PQgetCancel
#define PQgetResult bl_pq()->PQgetResult
#define PQgetisnull bl_pq()->PQgetisnull
#define PQgetlength bl_pq()->PQgetlength
#define PQgetvalue bl_pq()->PQgetvalue
#define PQisBusy bl_pq()->PQisBusy
#define PQnfields bl_pq()->PQnfields
#define PQnotifies bl_pq()->PQnotifies
#define PQntuples bl_pq()->PQntuples
#define PQpipelineSync bl_pq()->PQpipelineSync
#define PQresStatus bl_pq()->PQresStatus
#define PQresultErrorField bl_pq()->PQresultErrorField
#define PQresultErrorMessage bl_pq()->PQresultErrorMessage
#define PQresultStatus bl_pq()->PQresultStatus
#define PQsendQueryParams bl_pq()->PQsendQueryParams
#define PQsetNoticeReceiver bl_pq()->PQsetNoticeReceiver
#define PQsetSingleRowMode bl_pq()->PQsetSingleRowMode
#define PQsetnonblocking bl_pq()->PQsetnonblocking
#define PQsocket bl_pq()->PQsocket
#define PQstatus bl_pq()->PQstatus
#define PQtransactionStatus bl_pq()->PQtransactionStatus

#endif
